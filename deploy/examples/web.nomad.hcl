# Nomad: gunicorn under lameduck. Change: the image, the command, the port.
job "web" {
  group "web" {
    count = 2

    network {
      port "http" { to = 8000 }
    }

    service {
      name     = "web"
      port     = "http"
      provider = "nomad"

      check {
        type     = "http"
        path     = "/"
        interval = "5s"
        timeout  = "2s"
      }
    }

    # One after the other; a new one first has to be healthy.
    update {
      max_parallel = 1
      canary       = 1
      auto_promote = true
    }

    task "web" {
      driver = "docker"

      config {
        # With lameduck in it: COPY --from=registry.example/lameduck:1 /lameduck /usr/local/bin/lameduck
        image        = "registry.example/web:1"
        entrypoint   = ["lameduck", "run", "--"]
        command      = "gunicorn"
        args         = ["--workers=2", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm", "app:application"]
        ports        = ["http"]
        security_opt = ["no-new-privileges"]
      }

      # Nomad takes the task out of its catalogue first, and then sends TERM: no shutdown_delay, lameduck waits as long as somebody comes.
      kill_signal = "SIGTERM"
      # LAMEDUCK_TIMEOUT (25 s) and LAMEDUCK_RESERVE (5 s). Nomad's own 5 s would cut it; for more, raise the client's max_kill_timeout (30 s), too.
      kill_timeout = "30s"

      env {
        LAMEDUCK_DEADLINE = "30s"
        # Until whoever asks the catalogue asks again.
        LAMEDUCK_LAME_DUCK = "5s"
      }

      resources {
        cpu    = 500
        memory = 256
      }
    }
  }
}
