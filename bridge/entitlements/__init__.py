"""What a person may do: the privileges of their roles, the features and limits of their plan."""
