import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.Version;
import java.util.concurrent.TimeUnit;

/**
 * Netty with its native epoll transport, on the port of the loopback interface: its socket is in an epoll before it is bound.
 * At TERM a shutdown hook closes the listener and ends the loops, as Netty's examples do in their end.
 */
public final class NettyServer {
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("--version")) {
            System.out.println(Version.identify().get("netty-transport"));
            return;
        }
        EpollEventLoopGroup accepting = new EpollEventLoopGroup(1);
        EpollEventLoopGroup working = new EpollEventLoopGroup(2);
        Channel listener = new ServerBootstrap()
            .group(accepting, working)
            .channel(EpollServerSocketChannel.class)
            .childHandler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new HttpServerCodec(), new HttpServerKeepAliveHandler(),
                        new HttpObjectAggregator(1 << 20), new Answers());
                }
            })
            .bind("127.0.0.1", Integer.parseInt(arguments[0])).sync().channel();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            listener.close().syncUninterruptibly();
            accepting.shutdownGracefully().syncUninterruptibly();
            working.shutdownGracefully().syncUninterruptibly();
        }));
        listener.closeFuture().sync();
    }

    private static final class Answers extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            int milliseconds = Work.milliseconds(request.uri());
            context.executor().schedule(() -> answer(context), milliseconds, TimeUnit.MILLISECONDS);
        }

        private static void answer(ChannelHandlerContext context) {
            DefaultFullHttpResponse answer = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(Work.ANSWER));
            answer.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, Work.ANSWER.length);
            context.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
