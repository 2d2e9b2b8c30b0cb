"""Slack in, Slack out: commands, buttons, modals and events; forms read typed values, cards draw them."""
