"""SVG as markup: elements whose text and attributes are escaped, numbers in few characters, classes instead of styles.

Colours are in static/site.css, so that one drawing serves light and dark, and a content-security policy that forbids
inline styles.
"""

from markupsafe import Markup, escape


def number(value: float) -> str:
    """Return a coordinate to a tenth of a unit, as short as possible."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element.

    `cls` becomes `class`, an underscore a hyphen; an attribute that is None is left out, a float becomes a coordinate.
    Children that are no `Markup` are escaped.
    """
    parts = [
        f' {_name(key)}="{number(value) if isinstance(value, float) else escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    inner = "".join(escape(child) for child in children)
    end = f">{inner}</{name}>" if inner else "/>"
    return Markup(f"<{name}{''.join(parts)}{end}")


def _name(key: str) -> str:
    return "class" if key == "cls" else key.replace("_", "-") if key != "viewBox" else key


def picture(width: float, height: float, label: str, *children: object, cls: str = "figure") -> Markup:
    """Return a figure of this size in pixels, narrower in a narrow column, described to those who cannot see it."""
    size = {"viewBox": f"0 0 {number(width)} {number(height)}", "width": number(width), "height": number(height)}
    return tag("svg", *children, cls=cls, role="img", aria_label=label, **size)


def text(x: float, y: float, content: object, cls: str | None = None, anchor: str | None = None) -> Markup:
    """Return a text; `anchor`: start (default), middle or end."""
    return tag("text", content, x=float(x), y=float(y), cls=cls, text_anchor=anchor)


def path(points: str, cls: str) -> Markup:
    """Return a path."""
    return tag("path", d=points, cls=cls)


def segment(x1: float, y1: float, x2: float, y2: float, cls: str) -> Markup:
    """Return a straight line."""
    return path(f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", cls)


def box(x: float, y: float, width: float, height: float, cls: str) -> Markup:
    """Return a rectangle."""
    return path(f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z", cls)
