"""How the people of a country part a telephone number when they say it. Pure, standard library only.

By the national numbering plans, as `phonenumbers` writes them; its longest groups are said in two.
"""

from __future__ import annotations

Sizes = tuple[int, ...]

_TWO_DIGIT_AREA: Sizes = (2, 4, 4)
_PLANS: dict[str, tuple[tuple[str, Sizes], ...]] = {
    "1": (("", (3, 3, 4)),),
    "34": (("", (3, 2, 2, 2)),),
    "351": (("21", (2, 3, 4)), ("22", (2, 3, 4)), ("", (3, 3, 3))),
    "51": (("9", (3, 3, 3)), ("1", (1, 3, 4)), ("", (2, 3, 3))),
    "52": tuple((area, _TWO_DIGIT_AREA) for area in ("33", "55", "56", "81")),
    "54": (("11", _TWO_DIGIT_AREA), ("911", (1, 2, 4, 4)), ("9", (1, 3, 3, 4))),
    "55": (("", _TWO_DIGIT_AREA), ("", (2, 5, 4))),
    "56": (("", (1, 4, 4)),),
    "58": (("", (3, 3, 4)),),
    "591": (("", (1, 3, 4)),),
    "593": (("9", (2, 3, 4)), ("", (1, 3, 4))),
    "595": (("9", (3, 3, 3)), ("", (2, 3, 4))),
    "598": (("9", (2, 3, 3)), ("", (4, 4))),
    "57": (("", (3, 3, 4)),),
    **dict.fromkeys(("502", "503", "504", "505", "506"), (("", (4, 4)),)),
    "507": (("6", (4, 4)), ("", (3, 4))),
}
"""By country code: how a number is parted that begins so and is as long as that."""

_CODES = {
    "AR": "54", "BO": "591", "BR": "55", "CL": "56", "CO": "57", "CR": "506", "DO": "1", "EC": "593", "ES": "34",
    "GT": "502", "HN": "504", "MX": "52", "NI": "505", "PA": "507", "PE": "51", "PR": "1", "PT": "351", "PY": "595",
    "SV": "503", "US": "1", "UY": "598", "VE": "58",
}  # fmt: skip
_COMMON: dict[int, list[int]] = {
    0: [], 1: [1], 2: [2], 3: [3], 4: [4], 5: [2, 3], 6: [3, 3], 7: [3, 4], 8: [4, 4], 11: [3, 4, 4]
}  # fmt: skip


def groups(digits: str, region: str = "") -> list[int]:
    """How many digits are said at a stretch: of +51987654321, or of a number as it is dialled in `region`."""
    if digits.startswith("+"):
        national = digits[1:]
        # No code is the beginning of another one, so at most one fits.
        code = next((code for code in _PLANS if national.startswith(code)), "")
        return ([len(code)] if code else []) + _national(national[len(code) :], code)
    code = _CODES.get(region, "")
    if digits.startswith("0") and (sizes := _planned(digits[1:], code)):
        return [sizes[0] + 1, *sizes[1:]]
    return _national(digits, code)


def _national(digits: str, code: str) -> list[int]:
    return _planned(digits, code) or _common(len(digits))


def _planned(digits: str, code: str) -> list[int]:
    for area, sizes in _PLANS.get(code, ()):
        if digits.startswith(area) and len(digits) == sum(sizes):
            return list(sizes)
    return []


def _common(count: int) -> list[int]:
    """Groups of three, and of four at the end: 987 654 321, 155 1234 5678."""
    return _COMMON[count] if count in _COMMON else [3, *_common(count - 3)]
