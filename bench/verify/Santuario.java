// Verifies a signed file again and again with Apache Santuario, and prints the nanoseconds of one verification, warmed up.
import java.io.ByteArrayInputStream;
import java.nio.file.*;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import javax.xml.parsers.*;
import org.apache.xml.security.Init;
import org.apache.xml.security.signature.XMLSignature;
import org.w3c.dom.*;

public class Santuario {
  public static void main(String[] args) throws Exception {
    Init.init();
    byte[] bytes = Files.readAllBytes(Path.of(args[0]));
    PublicKey key = CertificateFactory.getInstance("X.509").generateCertificate(Files.newInputStream(Path.of(args[1]))).getPublicKey();
    int times = Integer.parseInt(args[2]);
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    long until = System.nanoTime() + 3_000_000_000L;
    for (int i = 0; i < times || System.nanoTime() < until; i++) verify(factory, bytes, key);
    long begin = System.nanoTime();
    for (int i = 0; i < times; i++) verify(factory, bytes, key);
    System.out.println((System.nanoTime() - begin) / times);
  }

  static void verify(DocumentBuilderFactory factory, byte[] bytes, PublicKey key) throws Exception {
    Document document = factory.newDocumentBuilder().parse(new ByteArrayInputStream(bytes));
    Element element = (Element) document.getElementsByTagNameNS("http://www.w3.org/2000/09/xmldsig#", "Signature").item(0);
    if (!new XMLSignature(element, "").checkSignatureValue(key)) throw new IllegalStateException("refused");
  }
}
