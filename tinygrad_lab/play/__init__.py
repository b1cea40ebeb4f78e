"""The playground: a page where you watch a network learn, on your own data, model or run, and change it meanwhile.

`tinygrad-lab play` opens it. The training is the lab's own, gone through an update at a time: `lane` is one run,
`session` all runs of a page and what the page asked for, `looking` what a network does at its parameters as they are,
`troubles` what goes wrong, `frames` how that is sent, `server` who may ask, and `assets` the page.
"""

LIBRARIES = ("starlette", "uvicorn", "websockets")  # which the page needs, of the extra `play`
