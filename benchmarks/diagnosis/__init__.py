"""How well the findings find: trainings with known outcomes, told apart by their outcomes alone.

`tasks` says what is learned and with which budget, `faults` and `healthy` draw candidates from a seed,
`trainers` trains them for real, `criteria` labels them by what came of them, `judging` asks our rules and
`autotrainer` somebody else's, and `page` counts.
"""
