// Apache Santuario's side. Arguments: the certificate, and the library's version. Answers as side.ts says.
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.xml.security.Init;
import org.apache.xml.security.signature.XMLSignature;
import org.w3c.dom.Element;

class Santuario {
  public static void main(String[] arguments) throws Exception {
    Init.init();
    PublicKey key;
    try (var certificate = Files.newInputStream(Path.of(arguments[0]))) {
      key = CertificateFactory.getInstance("X.509").generateCertificate(certificate).getPublicKey();
    }
    var factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    DocumentBuilder parser = factory.newDocumentBuilder();
    System.out.println("Apache Santuario " + arguments[1] + " on Java " + Runtime.version());
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int space = line.indexOf(' ');
      byte[] document = Files.readAllBytes(Path.of(line.substring(space + 1)));
      System.out.println(time(document, Integer.parseInt(line.substring(0, space)), parser, key));
    }
  }

  /** Nanoseconds, those of collectors and compilers in other threads among them. */
  private static String time(byte[] document, int repeats, DocumentBuilder parser, PublicKey key) throws Exception {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long start = system.getProcessCpuTime();
    for (int done = 0; done < repeats; done++) {
      if (!verify(document, parser, key)) return "refused";
    }
    return String.valueOf(system.getProcessCpuTime() - start);
  }

  private static boolean verify(byte[] document, DocumentBuilder parser, PublicKey key) throws Exception {
    var tree = parser.parse(new ByteArrayInputStream(document));
    var signature = (Element) tree.getElementsByTagNameNS("http://www.w3.org/2000/09/xmldsig#", "Signature").item(0);
    return new XMLSignature(signature, "", true).checkSignatureValue(key);
  }
}
