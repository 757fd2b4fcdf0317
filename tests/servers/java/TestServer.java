import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The paths of app.py on the JDK's own HTTP server. At TERM a shutdown hook calls its stop(), as its users do. */
public final class TestServer {
    private static final int SLOW_MS = 500;
    /** How long stop() waits for exchanges at most, in seconds. */
    private static final int STOP_SECONDS = 1;
    /** As pattern.py. */
    private static final byte[] BLOCK = new byte[65521];

    static {
        for (int k = 0; k < BLOCK.length; k++) {
            BLOCK[k] = (byte) (k ^ k >> 8);
        }
    }

    private interface Work {
        void answer(HttpExchange exchange, Map<String, Integer> query) throws IOException, InterruptedException;
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        int work = Integer.parseInt(System.getenv().getOrDefault("WORK_MS", "20"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", handler((exchange, query) -> later(exchange, query.getOrDefault("ms", work), "ok")));
        server.createContext("/slow", handler((exchange, query) -> later(exchange, SLOW_MS, "ok")));
        server.createContext("/pid", handler((exchange, query) -> later(exchange, 0, "" + ProcessHandle.current().pid())));
        server.createContext("/poll", handler((exchange, query) -> later(exchange, query.get("ms"), "polled")));
        server.createContext("/echo", handler((exchange, query) -> answer(exchange, exchange.getRequestBody().readAllBytes())));
        server.createContext("/stream", handler((exchange, query) -> paced(exchange, query, "text/event-stream", "data: %d\n\n")));
        server.createContext("/close", handler((exchange, query) -> paced(exchange, query, "text/plain", "line %d\n")));
        server.createContext("/big", handler((exchange, query) -> big(exchange, query.get("bytes"))));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(STOP_SECONDS)));
        server.start();
    }

    private static HttpHandler handler(Work work) {
        return exchange -> {
            try (exchange) {
                work.answer(exchange, query(exchange));
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        };
    }

    private static Map<String, Integer> query(HttpExchange exchange) {
        String query = exchange.getRequestURI().getQuery();
        return Stream.ofNullable(query).flatMap(text -> Stream.of(text.split("&"))).map(pair -> pair.split("="))
            .collect(Collectors.toMap(pair -> pair[0], pair -> Integer.valueOf(pair[1])));
    }

    private static void later(HttpExchange exchange, int ms, String body) throws IOException, InterruptedException {
        Thread.sleep(ms);
        answer(exchange, body.getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange exchange, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/plain");
        // -1: no body; 0 would be one of unknown length.
        exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private static void paced(HttpExchange exchange, Map<String, Integer> query, String contentType, String line)
            throws IOException, InterruptedException {
        exchange.getResponseHeaders().set("Content-Type", contentType);
        exchange.sendResponseHeaders(200, 0);
        for (int k = 0; k < query.get("n"); k++) {
            Thread.sleep(query.get("ms"));
            exchange.getResponseBody().write(String.format(line, k).getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
        }
    }

    private static void big(HttpExchange exchange, int size) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
        exchange.sendResponseHeaders(200, size);
        for (; size > 0; size -= BLOCK.length) {
            exchange.getResponseBody().write(BLOCK, 0, Math.min(size, BLOCK.length));
        }
    }
}
