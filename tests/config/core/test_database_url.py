"""What DATABASE_URL says is what Django gets."""

import os
import subprocess
import sys

from django.conf import settings

SHOW = "from config import settings; o = settings.DATABASES['default']['OPTIONS']; print(o['sslmode'], 'pool' in o)"


def test_options_of_the_address_are_kept_beside_the_pool() -> None:
    environment = os.environ | {"DATABASE_URL": "postgres://u:p@db.example.net:5432/apron?sslmode=require"}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True, text=True
    )
    assert shown.stdout == "require True\n"
