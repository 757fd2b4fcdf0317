# Two workers, each with eight threads, on the port of the environment.
workers 2
threads 8, 8
bind "tcp://127.0.0.1:#{ENV.fetch('PORT')}"
