from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('compute', '0003_jobs_by_fingerprint'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='job',
            name='input_modified_ns',
        ),
        migrations.AddField(
            model_name='job',
            name='input_version',
            field=models.TextField(default='', help_text='of the file when the job was taken in; blank: older than this column'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='job',
            name='is_reusable',
            field=models.BooleanField(default=False, help_text='whether the same input_version is sure to mean the same bytes as were read'),
        ),
        migrations.AddField(
            model_name='job',
            name='result_version',
            field=models.TextField(blank=True, default='', help_text='of the result as it was written'),
            preserve_default=False,
        ),
    ]
