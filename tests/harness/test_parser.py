import pytest

from spurgen.harness.cli import main


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("scor x.py", "there is no command 'scor'; did you mean score or compare? see spurgen --help"),
        ("score x.py --task-s a", "unknown flag --task-s; did you mean --tasks? see spurgen score --help"),
        ("score x.py --task_s=a", "unknown flag --task-s; did you mean --tasks? see"),
        ("score --memry-gib 3 x.py", "unknown flag --memry-gib; did you mean --memory-gib? see"),
        ("compare a b --backbone x", "unknown flag --backbone see spurgen compare --help"),
        ("generate --ou folder", "unknown flag --ou; did you mean --out? see"),  # though --out is required
        ("splits verfy", "there is no action 'verfy'; did you mean verify? see spurgen splits --help"),
        ("splits verify --job 3", "unknown flag --job; did you mean --jobs? see spurgen splits verify --help"),
        ("check x.py --isolation bubble", "--isolation: there is no 'bubble'; did you mean bubblewrap? see"),
        ("leaderboard all", "unexpected argument 'all' see spurgen leaderboard --help"),
        ("score", "the following arguments are required: submission see spurgen score --help"),
        ("", "the following arguments are required: command see spurgen --help"),
    ],
)
def test_a_mistyped_word_gets_a_suggestion_from_its_own_command(line, message, stderr):
    assert main(line.split()) == 2
    assert f"error: {message}" in stderr()
