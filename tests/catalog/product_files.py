"""A file of products, and its upload."""

from io import BytesIO
from typing import Any

from rest_framework.test import APIClient

PEN, MOWER, SOAP = "4006381333931", "5901234123457", "96385074"
HEADER = "sku;name;category;description"
ROWS = [HEADER, f"{PEN};Ball pen;Office;Blue", f"{SOAP};Soap;Care;"]


def upload(api: APIClient, content: bytes, **fields: Any) -> Any:
    headers = fields.pop("headers", {})
    file = BytesIO(content)
    file.name = "products.csv"
    return api.post("/api/product-imports", {"products_file": file, **fields}, format="multipart", headers=headers)
