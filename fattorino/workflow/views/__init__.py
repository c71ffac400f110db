"""The pages of the states: settings, dashboards, bulk runs, notices. They hold no rule: read, call a flow, draw."""
