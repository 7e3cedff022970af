"""What is wrong with a value that fits no model, in words. Never repeats the value: it may be a secret."""

from pydantic import ValidationError


def complaints(error: ValidationError) -> list[str]:
    """One for each field that does not fit: where it stands, and why."""
    return [
        f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def first_complaint(error: ValidationError) -> str:
    return complaints(error)[0]
