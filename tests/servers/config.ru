# The paths / and /slow of app.py, for Puma and Unicorn.
run lambda { |env|
  sleep(env['PATH_INFO'] == '/slow' ? 0.5 : 0.02)
  [200, { 'Content-Type' => 'text/plain', 'Content-Length' => '2' }, ['ok']]
}
