"""The only code that calls GitHub or Slack; each gateway fulfils one port and turns foreign errors into ours."""
