"""The Python in docs/*.md, run as it stands there."""

import functools
import os
import re


@functools.lru_cache(maxsize=None)
def documented(root, name):
    """What the only Python block of docs/NAME defines."""
    with open(os.path.join(root, "docs", name), encoding="utf-8") as f:
        block, = re.findall(r"^```python\n(.*?)^```", f.read(), re.M | re.S)
    defined = {"__name__": name}
    exec(compile(block, name, "exec"), defined)  # pylint: disable=exec-used
    return defined
