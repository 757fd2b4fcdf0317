import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;

/** Jetty, embedded, on the port of the loopback interface. At TERM it stops gracefully, as its manual says. */
public final class JettyServer {
    private static final long STOP_MS = 5000;

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("--version")) {
            System.out.println("Jetty " + Server.getVersion());
            return;
        }
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        server.addConnector(connector);
        GracefulHandler graceful = new GracefulHandler();
        graceful.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) throws Exception {
                Work.on(request.getHttpURI().getPath());
                response.write(true, ByteBuffer.wrap(Work.ANSWER), callback);
                return true;
            }
        });
        server.setHandler(graceful);
        server.setStopTimeout(STOP_MS);
        server.setStopAtShutdown(true);
        server.start();
        server.join();
    }
}
