// Apache Santuario's side. Arguments: the certificate, the library's version, and `signature` for the signature alone or `job` for all that ours does besides.
// Answers as side.ts says.
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.CharConversionException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.xml.security.Init;
import org.apache.xml.security.signature.XMLSignature;
import org.apache.xml.security.transforms.Transforms;
import org.apache.xml.security.utils.Constants;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

class Santuario {
  private static final List<String> NAMES = List.of("SenderID", "ReceiverID", "TimestampForSignature");

  public static void main(String[] arguments) throws Exception {
    Init.init();
    X509Certificate certificate;
    try (var file = Files.newInputStream(Path.of(arguments[0]))) {
      certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
    }
    boolean isWholeJob = arguments[2].equals("job");
    var factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    DocumentBuilder parser = factory.newDocumentBuilder();
    System.out.println("Apache Santuario " + arguments[1] + " on Java " + Runtime.version());
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int space = line.indexOf(' ');
      byte[] document = Files.readAllBytes(Path.of(line.substring(space + 1)));
      System.out.println(time(document, Integer.parseInt(line.substring(0, space)), parser, certificate, isWholeJob));
    }
  }

  /** Nanoseconds, those of collectors and compilers in other threads among them. */
  private static String time(byte[] document, int repeats, DocumentBuilder parser, X509Certificate certificate, boolean isWholeJob) throws Exception {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long start = system.getProcessCpuTime();
    for (int done = 0; done < repeats; done++) {
      if (!verify(document, parser, certificate, isWholeJob)) return "refused";
    }
    return String.valueOf(system.getProcessCpuTime() - start);
  }

  private static boolean verify(byte[] document, DocumentBuilder parser, X509Certificate certificate, boolean isWholeJob) throws Exception {
    Document tree;
    try {
      tree = parser.parse(new ByteArrayInputStream(document));
    } catch (SAXException | CharConversionException malformed) {
      return false;
    }
    var found = tree.getElementsByTagNameNS(Constants.SignatureSpecNS, "Signature");
    var element = (Element) found.item(0);
    var signature = new XMLSignature(element, "", true);
    if (!signature.checkSignatureValue(certificate.getPublicKey())) return false;
    if (!isWholeJob) return true;
    return found.getLength() == 1
        && element.getParentNode() == tree.getDocumentElement()
        && coversDocument(signature)
        && Arrays.equals(signature.getKeyInfo().getX509Certificate().getEncoded(), certificate.getEncoded())
        && hasEnvelope(tree.getDocumentElement());
  }

  /** One Reference to the whole document, which leaves out nothing but the Signature: what the library would also take is how signatures are wrapped. */
  private static boolean coversDocument(XMLSignature signature) throws Exception {
    var info = signature.getSignedInfo();
    if (info.getLength() != 1) return false;
    var reference = info.item(0);
    var transforms = reference.getTransforms();
    return reference.getURI().isEmpty()
        && transforms.getLength() == 2
        && transforms.item(0).getURI().equals(Transforms.TRANSFORM_ENVELOPED_SIGNATURE)
        && transforms.item(1).getURI().equals(Transforms.TRANSFORM_C14N_EXCL_OMIT_COMMENTS);
  }

  private static boolean hasEnvelope(Element root) {
    var texts = new ArrayList<String>();
    for (var child = root.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element field && texts.size() < NAMES.size()) {
        if (!NAMES.get(texts.size()).equals(field.getLocalName()) || field.getNamespaceURI() != null) return false;
        texts.add(field.getTextContent());
      }
    }
    return texts.size() == NAMES.size() && !root.getAttribute("id").isEmpty() && Instant.parse(texts.get(2)).isAfter(Instant.EPOCH);
  }
}
