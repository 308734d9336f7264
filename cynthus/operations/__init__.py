"""The verbs, one a file: no click, no print. They work on Tools and give values back."""
