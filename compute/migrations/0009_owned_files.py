from django.db import migrations, models

OWN_RESULTS = """
INSERT INTO compute_ownedfile (path, sub)
SELECT result_path, min(sub) FROM compute_job WHERE result_path <> '' GROUP BY result_path
"""


class Migration(migrations.Migration):
    """Results belong to who asked for them; what was uploaded before is nobody's."""

    dependencies = [("compute", "0008_profile")]

    operations = [
        migrations.CreateModel(
            name="OwnedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.TextField(help_text="below COMPUTE_ROOT", unique=True)),
                ("sub", models.CharField(help_text="the token's subject, or the user's name", max_length=255)),
            ],
        ),
        migrations.RunSQL(OWN_RESULTS, migrations.RunSQL.noop),
    ]
