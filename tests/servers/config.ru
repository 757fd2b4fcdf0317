# The paths / (with ?ms=) and /slow of app.py, for Puma and Unicorn.
run lambda { |env|
  ms = env['QUERY_STRING'][/ms=(\d+)/, 1] || 20
  sleep(env['PATH_INFO'] == '/slow' ? 0.5 : ms.to_i / 1000.0)
  [200, { 'Content-Type' => 'text/plain', 'Content-Length' => '2' }, ['ok']]
}
