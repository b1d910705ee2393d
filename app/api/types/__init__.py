"""What GraphQL gives out, made from the domain's values. Masking happens here and nowhere else."""
