"""Which of the registered items are meant: those of a list, and those of a URL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pulumi_encord_integrations.model.objects import DirectUrls, ObjectUrls
from pulumi_encord_integrations.model.scenarios import DataType

ListName = Literal["videos", "images", "image_groups", "dicom_series", "nifti"]
TYPES: Mapping[str, tuple[DataType, ...]] = {
    "videos": ("VIDEO",),
    "images": ("IMAGE",),
    "image_groups": ("IMAGE_GROUP", "IMAGE_SEQUENCE"),
    "dicom_series": ("DICOM",),
    "nifti": ("NIfTI",),
}
"""Data types of the items in each list of the JSON."""


@dataclass(frozen=True)
class RegistrationFilters:
    """What a listing or a removal is narrowed to; empty means everything."""

    of_list: ListName | None = None
    url: str | None = None

    @property
    def types(self) -> tuple[DataType, ...]:
        """The data types that are meant; none for all."""
        return TYPES[self.of_list] if self.of_list else ()


class UrlFilter:
    """A URL, or the beginning of many if it ends with "/" or "*".

    URLs are compared as they were registered and, where they name an object, by its bucket and key.
    """

    def __init__(self, urls: ObjectUrls | DirectUrls, given: str) -> None:
        # Prefixes may have changed since an item was registered.
        whole = dict.fromkeys(urls.buckets, ()) if isinstance(urls, ObjectUrls) else {}
        self._urls = replace(urls, buckets=whole) if isinstance(urls, ObjectUrls) else urls
        self._begins = given.endswith(("/", "*"))
        self._given = given.removesuffix("*")
        self._named = self._beginning() if self._begins else self._canonical(self._given)

    def matches(self, urls: Iterable[str]) -> bool:
        """Whether one of an item's URLs is meant."""
        return any(map(self._is_meant, urls))

    def _is_meant(self, url: str) -> bool:
        if self._fits(url, self._given):
            return True
        if self._named is None or self._is_another(url, self._named):
            return False
        named = self._canonical(url)
        return named is not None and self._fits(named, self._named)

    @staticmethod
    def _is_another(url: str, wanted: str) -> bool:
        """Whether the text alone shows that a URL is not meant: most do, and reading one takes longer."""
        return "%" not in url and "+" not in url and wanted.partition("/")[2] not in url

    def _fits(self, url: str, wanted: str) -> bool:
        return url.startswith(wanted) if self._begins else url == wanted

    def _beginning(self) -> str | None:
        # A beginning may name no object; with one letter more it does.
        named = self._canonical(f"{self._given}x")
        return named and named.removesuffix("x")

    def _canonical(self, url: str) -> str | None:
        try:
            return self._urls.canonical(url)
        except ValueError:
            return None
