import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** Asks with the headers that HttpURLConnection sends by itself, among them `Accept: text/html, image/gif, …, *; q=.2`. */
public class DefaultHeaders {
    public static void main(String[] addresses) throws IOException {
        for (String address : addresses) {
            HttpURLConnection connection = (HttpURLConnection) URI.create(address).toURL().openConnection();
            int status = connection.getResponseCode();
            String type = connection.getContentType();
            try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
                if (status != 200 || !type.startsWith("application/json") || !text.startsWith("{")) {
                    System.err.println(address + ": " + status + " " + type + "\n" + text);
                    System.exit(1);
                }
            }
            connection.disconnect();
        }
    }
}
