"""What `dltui doctor` looks at, one file a part of the surroundings. It changes nothing."""
