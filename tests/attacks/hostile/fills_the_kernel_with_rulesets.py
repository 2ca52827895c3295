"""Makes rulesets of Landlock, whose rules are the kernel's memory: not one may be made."""

# expected: unranked: not significantly better than chance
import ctypes
import errno
import os

from loot import guess

CREATE, ADD, RESTRICT = 444, 445, 446  # the same numbers on x86-64 and arm64
EVERYTHING = (1).to_bytes(8, "little")  # access to files: LANDLOCK_ACCESS_FS_EXECUTE


def hold():
    """Return the calls that got through, and how many rules the kernel took."""
    kernel = ctypes.CDLL(None, use_errno=True)
    found, rules = [], 0
    ruleset = kernel.syscall(CREATE, EVERYTHING, ctypes.c_size_t(len(EVERYTHING)), 0)
    for name, number in (("landlock_create_ruleset", CREATE), ("add_rule", ADD), ("restrict_self", RESTRICT)):
        kernel.syscall(number, ctypes.c_long(-1), 0, 0, 0)
        if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):  # another error: the call got through
            found.append(name)
    for root, folders, _ in os.walk("/usr/lib") if ruleset >= 0 else ():
        for folder in folders:
            place = os.open(f"{root}/{folder}", os.O_PATH)
            rule = EVERYTHING + place.to_bytes(4, "little")
            rules += kernel.syscall(ADD, ruleset, 1, rule, 0) == 0
            os.close(place)
    return [*found, f"{rules} rules"] if found or rules else []


def predict(batch):
    return guess(batch, hold())
