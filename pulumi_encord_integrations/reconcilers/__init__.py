"""What a type must supply to be reconciled. No Pulumi."""
