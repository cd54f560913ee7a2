"""Finding runs among thousands: a language of filters, what to sort and group by, and the lines of a list."""
