"""The table of machines made anew from what Google says of itself: answers come in, a table goes out."""
