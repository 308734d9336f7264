"""Where data and models come from: what a place says of them before anything is fetched."""
