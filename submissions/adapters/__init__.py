"""Other libraries' models as submissions, in three lines each; a file a library.

    from spurgen.submissions.adapters.timm import ImageEncoder
    FILES = ["resnet18.safetensors"]
    submission = ImageEncoder("resnet18", weights=Path(__file__).with_name("resnet18.safetensors"))

Weights lie in a file or folder that `FILES` names, in the submission's own folder. A sandbox has no network.
"""
