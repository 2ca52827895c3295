"""What a data set's users should know, as Croissant's vocabulary for responsible AI asks (MLCommons, RAI 1.0)."""

from typing import Any

from spurgen.benchmark.scenario import Scenario


def responsible(scenario: Scenario) -> dict[str, Any]:
    """Return the fields of the vocabulary."""
    origin = "Labels and factors are those from which a sample was drawn."
    return {
        "rai:dataCollection": "Nothing was collected: a program draws every image and writes every caption from the "
        "scenario in scenario.toml and its seed.",
        "rai:dataCollectionType": ["Others: synthetic data"],
        "rai:dataCollectionMissingData": "None: every sample has an image, a caption and all factors.",
        "rai:dataPreprocessingProtocol": ["None; images are stored without loss, as PNG."],
        "rai:dataImputationProtocol": "None.",
        "rai:dataAnnotationProtocol": [f"{origin} {_noise(scenario)}"],
        "rai:machineAnnotationTools": ["SpurGen's generator"],
        "rai:dataBiases": [biases(scenario)],
        "rai:dataUseCases": ["Measuring whether a model learned the class or a shortcut, and comparing methods that "
                             "prevent shortcuts."],
        "rai:dataLimitations": ["Drawn scenes: what a model does here need not carry over to photographs. English "
                                "captions from a grammar of few sentences."],
        "rai:dataSocialImpact": "Methods that rely less on shortcuts may also treat groups of people more equally; "
        "results on these data alone do not show that they do.",
        "rai:personalSensitiveInformation": ["None: no people are depicted or described, and no data of people were "
                                             "used."],
        "rai:dataReleaseMaintenancePlan": "The data are a function of the scenario and never change; a fix is a new "
        "version under another name.",
    }  # fmt: skip


def biases(scenario: Scenario) -> str:
    """Say which correlations the data have on purpose."""
    channels = ", ".join(scenario.channels) or "no channel"
    return (
        f"In train and val these channels are correlated with the label on purpose: {channels}. In test every class "
        "occurs with every alignment pattern equally often, except for samples on top in which all channels conflict."
    )


def _noise(scenario: Scenario) -> str:
    if not scenario.label_noise:
        return "No label is wrong."
    return (
        f"In train, and in val unless it is balanced, a share of {scenario.label_noise:g} of the labels is not the "
        "class that is shown, on purpose; true_label is."
    )
