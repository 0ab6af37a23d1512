"""Small pictures of each accepted format, five pixels wide and three high, as Pillow writes them; of JPEG the head."""

from __future__ import annotations

IMAGES = {
    "PNG": ("iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAAFElEQVR4nGM8wcXFgASYGFABOh8AKQYA4jd9d3wAAAAASUVORK5CYII="),
    "GIF": "R0lGODdhBQADAIEAAMgKCgAAAAAAAAAAACwAAAAABQADAAAICAABCBxIsGBAADs=",
    "BMP": (
        "Qk1mAAAAAAAAADYAAAAoAAAABQAAAAMAAAABABgAAAAAADAAAADEDgAAxA4AAAAAAAAAAAAACgrICgrICgrICgrICgrIAAoKyAoK"
        "yAoKyAoKyAoKyAAKCsgKCsgKCsgKCsgKCsgA"
    ),
    "JPEG": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAKBueIx4ZKCMgoy0qqC+8P//8Nzc8P//////////////////////////////////////"
        "////////////////////2wBDAaq0tPDS8P//////////////////////////////////////////////////////////////////"
        "////////////wAARCAADAAUDASIAAhEBAxEB"
    ),
    "progressive JPEG": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAKBueIx4ZKCMgoy0qqC+8P//8Nzc8P//////////////////////////////////////"
        "////////////////////2wBDAaq0tPDS8P//////////////////////////////////////////////////////////////////"
        "////////////wgARCAADAAUDASIAAhEBAxEB"
    ),
    "WebP": "UklGRjAAAABXRUJQVlA4ICQAAABwAQCdASoFAAMADMDOJaACdAFAAAD+4LkIw1uvxQ5s7gVAAAA=",
    "lossless WebP": "UklGRh4AAABXRUJQVlA4TBEAAAAvBIAAAAdQhSJXof+BiOh/AAA=",
    "WebP with a canvas": (
        "UklGRlQAAABXRUJQVlA4WAoAAAAQAAAABAAAAgAAQUxQSAoAAAABB1CyiAhERP8DVlA4ICQAAABwAQCdASoFAAMADMDOJaACdAFA"
        "AAD+4LkIw1uvxQ5s7gVAAAA="
    ),
}
"""Base64 by format."""
PNG = IMAGES["PNG"]
