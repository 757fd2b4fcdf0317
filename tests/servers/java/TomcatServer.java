import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.util.ServerInfo;

/**
 * Tomcat, embedded, on the port of the loopback interface. At TERM a shutdown hook pauses the connector, closes its
 * listener, waits for its connections and stops it, as Spring Boot does for `server.shutdown=graceful`.
 */
public final class TomcatServer {
    private static final int STOP_MS = 1000;

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("--version")) {
            System.out.println(ServerInfo.getServerInfo());
            return;
        }
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createTempDirectory("tomcat").toString());
        Connector connector = new Connector();
        connector.setProperty("address", "127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "work", new HttpServlet() {
            @Override
            protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
                try {
                    Work.on(request.getRequestURI());
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
                response.setContentLength(Work.ANSWER.length);
                response.getOutputStream().write(Work.ANSWER);
            }
        });
        context.addServletMappingDecoded("/", "work");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(tomcat, connector)));
        tomcat.start();
        tomcat.getServer().await();
    }

    private static void stop(Tomcat tomcat, Connector connector) {
        connector.pause();
        connector.getProtocolHandler().closeServerSocketGraceful();
        try {
            connector.getProtocolHandler().awaitConnectionsClose(STOP_MS);
            tomcat.stop();
        } catch (LifecycleException failed) {
            failed.printStackTrace();
        }
    }
}
