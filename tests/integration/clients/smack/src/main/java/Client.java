import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.SmackConfiguration;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.chat2.ChatManager;
import org.jivesoftware.smack.debugger.SmackDebugger;
import org.jivesoftware.smack.packet.TopLevelStreamElement;
import org.jivesoftware.smack.proxy.ProxyInfo;
import org.jivesoftware.smack.roster.Roster;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jxmpp.jid.EntityFullJid;
import org.jxmpp.jid.impl.JidCreate;

/** A Smack client that does one job (properties on standard input) and reports in JSON Lines. */
public final class Client {
    private static final int STEP = 15; // seconds for one step
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final Properties job;
    private final boolean direct;
    private final BlockingQueue<String> bodies = new LinkedBlockingQueue<>();

    private Client(Properties job) {
        this.job = job;
        this.direct = job.getProperty("tls").equals("direct");
    }

    public static void main(String[] arguments) throws Exception {
        Properties job = new Properties();
        job.load(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
        try {
            new Client(job).run();
        } catch (Exception error) {
            report("failed", quoted(error.toString()));
        }
        System.exit(0);
    }

    private void run() throws Exception {
        SmackConfiguration.setDefaultReplyTimeout(STEP * 1000);
        XMPPTCPConnection connection = new XMPPTCPConnection(configuration());
        connection.setUseStreamManagement(true);
        connection.setUseStreamManagementResumption(true);
        Roster roster = Roster.getInstanceFor(connection);
        ChatManager chats = ChatManager.getInstanceFor(connection);
        chats.addIncomingListener((from, message, chat) -> {
            report("received", quoted(message.getBody()));
            bodies.add(message.getBody());
        });
        enter(connection);
        roster.reloadAndWait();
        List<String> jids = new ArrayList<>();
        roster.getEntries().forEach(entry -> jids.add(quoted(entry.getJid().toString())));
        report("roster", jids.toString());
        for (int number = 0; job.containsKey("message" + number); number++) {
            say(chats, job.getProperty("message" + number));
        }
        if (job.containsKey("cut")) {
            connection.instantShutdown();
            enter(connection);
            report("resumed", String.valueOf(connection.streamWasResumed()));
            say(chats, job.getProperty("after"));
        }
        connection.disconnect();
    }

    private static void enter(XMPPTCPConnection connection) throws Exception {
        report("connected", "true");
        connection.connect().login();
    }

    private void say(ChatManager chats, String body) throws Exception {
        chats.chatWith(JidCreate.entityBareFrom(job.getProperty("peer"))).send(body);
        String answer;
        do {
            answer = bodies.poll(STEP, TimeUnit.SECONDS);
            if (answer == null) {
                throw new IllegalStateException("no answer to " + body + " in " + STEP + " s");
            }
        } while (!answer.equals("echo: " + body));
    }

    private XMPPTCPConnectionConfiguration configuration() throws Exception {
        String jid = job.getProperty("jid");
        XMPPTCPConnectionConfiguration.Builder builder = XMPPTCPConnectionConfiguration.builder()
            .setUsernameAndPassword(jid.substring(0, jid.indexOf('@')), job.getProperty("password"))
            .setXmppDomain(job.getProperty("domain"))
            .setHost(job.getProperty("host"))
            .setPort(Integer.parseInt(job.getProperty("port")))
            .setCompressionEnabled(false)
            .setDebuggerFactory(Log::new);
        if (job.containsKey("via")) {
            int port = Integer.parseInt(job.getProperty("proxy_port"));
            builder.setProxyInfo(job.getProperty("via").equals("SOCKS5")
                ? ProxyInfo.forSocks5Proxy("127.0.0.1", port, null, null)
                : ProxyInfo.forHttpProxy("127.0.0.1", port, null, null));
        }
        X509ExtendedTrustManager trust = new Telling(trust(job.getProperty("ca_file")));
        String[] versions = job.containsKey("version") ? new String[] {"TLSv" + job.getProperty("version")} : null;
        if (direct) {
            // Smack 4.4 has no direct TLS of its own: its users give it a factory of TLS sockets.
            builder.setSecurityMode(SecurityMode.disabled).setSocketFactory(new Direct(trust, versions));
        } else {
            builder.setSecurityMode(SecurityMode.required).setCustomX509TrustManager(trust);
            if (versions != null) {
                builder.setEnabledSSLProtocols(versions);
            }
        }
        return builder.build();
    }

    private static X509ExtendedTrustManager trust(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream certificate = new FileInputStream(file)) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(certificate));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
    }

    private static synchronized void report(String key, String json) {
        OUT.println("{\"" + key + "\": " + json + "}");
    }

    private static String quoted(CharSequence text) {
        StringBuilder json = new StringBuilder("\"");
        text.chars().forEach(unit -> {
            if (unit < ' ' || unit == '"' || unit == '\\' || unit > '~') {
                json.append(String.format("\\u%04x", unit));
            } else {
                json.append((char) unit);
            }
        });
        return json.append('"').toString();
    }

    /** Hands on what Smack itself shows to its debuggers: the text it writes and reads. */
    private static final class Log extends SmackDebugger {
        private Log(XMPPConnection connection) {
            super(connection);
        }

        @Override
        public void outgoingStreamSink(CharSequence text) {
            report("out", quoted(text));
        }

        @Override
        public void incomingStreamSink(CharSequence text) {
            report("in", quoted(text));
        }

        @Override
        public void userHasLogged(EntityFullJid user) {
        }

        @Override
        public void onIncomingStreamElement(TopLevelStreamElement element) {
        }

        @Override
        public void onOutgoingStreamElement(TopLevelStreamElement element) {
        }
    }

    /** Decides as another trust manager does, and tells the version of TLS. */
    private static final class Telling extends X509ExtendedTrustManager {
        private final X509ExtendedTrustManager inner;

        private Telling(X509ExtendedTrustManager inner) {
            this.inner = inner;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            report("tls", quoted(((SSLSocket) socket).getHandshakeSession().getProtocol()));
            inner.checkServerTrusted(chain, type, socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            inner.checkServerTrusted(chain, type, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            inner.checkServerTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return inner.getAcceptedIssuers();
        }
    }

    /** Makes TLS sockets that name the XMPP domain and verify the certificate against it. */
    private final class Direct extends SocketFactory {
        private final SSLContext context = SSLContext.getInstance("TLS");
        private final String[] versions;

        private Direct(X509ExtendedTrustManager trust, String[] versions) throws Exception {
            context.init(null, new X509ExtendedTrustManager[] {trust}, null);
            this.versions = versions;
        }

        @Override
        public Socket createSocket() throws java.io.IOException {
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(job.getProperty("domain"))));
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setApplicationProtocols(new String[] {"xmpp-client"});
            if (versions != null) {
                parameters.setProtocols(versions);
            }
            socket.setSSLParameters(parameters);
            return socket;
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, java.net.InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(java.net.InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(java.net.InetAddress host, int port, java.net.InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }
    }
}
