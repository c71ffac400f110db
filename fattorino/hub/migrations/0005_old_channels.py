from django.db import migrations


class Migration(migrations.Migration):
    """A company had one channel, SDICoop, with its address in columns; and messages no state of their own."""

    dependencies = [("hub", "0004_channels")]
    operations = [
        migrations.RunSQL(
            "select set_config('app.companies', '*', true);"
            "update hub_channel set settings = jsonb_build_object('url', url,"
            " 'client_certificate', client_certificate, 'trusted_ca', trusted_ca);"
            "insert into hub_channeluse (company_id, dashboard, channel_id) select company_id, '', id from hub_channel;"
            "update hub_message set state = case when company_id is null then 'to_match' else 'applied' end"
            " where applied_at is not null;"
            "set constraints all immediate;"
            "select set_config('app.companies', '', true);",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField("channel", "url"),
        migrations.RemoveField("channel", "client_certificate"),
        migrations.RemoveField("channel", "trusted_ca"),
    ]
