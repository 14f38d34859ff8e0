"""What `./hub …` runs inside the hub's image: one module per command; it decides nothing that another room knows."""
