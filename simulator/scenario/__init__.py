"""YAML -> Scenario: what the user assumes, wants and would like to change."""
