"""Models of other libraries as submissions of three lines; one file per library.

    from spurgen.submissions.adapters.timm import ImageEncoder
    FILES = ["resnet18.safetensors"]
    submission = ImageEncoder("resnet18", weights=Path(__file__).with_name("resnet18.safetensors"))

`FILES` lists the weights' file or folder, which lies beside the submission: a sandboxed submission has no network.
"""
