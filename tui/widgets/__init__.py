"""The widgets: each shows one thing, is told what to show, and knows neither the app nor the data's way."""
