# Two workers on the port of the environment.
worker_processes 2
listen "127.0.0.1:#{ENV.fetch('PORT')}"
