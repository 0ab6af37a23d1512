"""What reads pools and acts on them: by the library's client, with the rights of who runs the dashboard."""
