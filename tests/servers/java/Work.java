import java.util.concurrent.TimeUnit;

/** What every server here does with a request: `/slow` takes half a second, all else WORK_MS milliseconds. */
final class Work {
    private static final int MS = Integer.parseInt(System.getenv().getOrDefault("WORK_MS", "20"));
    private static final int SLOW_MS = 500;

    static final byte[] ANSWER = "ok".getBytes(java.nio.charset.StandardCharsets.UTF_8);

    private Work() {}

    /** As one unit of a thread's work. */
    static void on(String path) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(milliseconds(path));
    }

    static int milliseconds(String path) {
        return path.startsWith("/slow") ? SLOW_MS : MS;
    }
}
