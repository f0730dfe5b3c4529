// The JDK's own XML signatures (javax.xml.crypto, which is Apache Santuario), one task a line on standard input, fields between tabs:
//   sign    KEY CERTIFICATE INPUT OUTPUT METHOD CANONICALIZATION TRANSFORM PREFIXES URI    signs a document, as a child of its root
//   verify  CERTIFICATE INPUT                                                              prints true or false
// Keys are PKCS #8 in PEM. TRANSFORM is empty for enveloped-signature alone; PREFIXES are an InclusiveNamespaces PrefixList, empty for none.

import java.io.ByteArrayInputStream;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Scanner;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignatureMethod;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.ExcC14NParameterSpec;
import javax.xml.crypto.dsig.spec.RSAPSSParameterSpec;
import javax.xml.crypto.dsig.spec.SignatureMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

public class Signer {
  private static final XMLSignatureFactory XML = XMLSignatureFactory.getInstance("DOM");

  public static void main(String[] args) throws Exception {
    Scanner tasks = new Scanner(System.in, "UTF-8");
    while (tasks.hasNextLine()) {
      String[] task = tasks.nextLine().split("\t", -1);
      if (task[0].equals("sign")) sign(task);
      else System.out.println(verify(task[1], task[2]));
    }
  }

  private static void sign(String[] task) throws Exception {
    String method = task[5], canonicalization = task[6], transform = task[7], prefixes = task[8], uri = task[9];
    X509Certificate certificate = readCertificate(task[2]);
    PrivateKey key = readKey(task[1], certificate.getPublicKey().getAlgorithm());
    Document document = parse(task[3]);
    Element root = document.getDocumentElement();

    List<Transform> transforms = new ArrayList<>();
    transforms.add(XML.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null));
    if (!transform.isEmpty()) transforms.add(XML.newTransform(transform, prefixList(prefixes)));
    DigestMethod digest = XML.newDigestMethod(DigestMethod.SHA256, null);
    Reference reference = XML.newReference(uri, digest, transforms, null, null);
    SignedInfo signedInfo = XML.newSignedInfo(
        XML.newCanonicalizationMethod(canonicalization, (C14NMethodParameterSpec) prefixList(prefixes)),
        XML.newSignatureMethod(method, parametersOf(method)),
        List.of(reference));
    KeyInfoFactory keyInfos = XML.getKeyInfoFactory();
    KeyInfo keyInfo = keyInfos.newKeyInfo(List.of(keyInfos.newX509Data(List.of(certificate))));

    DOMSignContext context = new DOMSignContext(key, root);
    context.setIdAttributeNS(root, null, "id");
    XML.newXMLSignature(signedInfo, keyInfo).sign(context);
    TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(new File(task[4])));
  }

  private static boolean verify(String certificate, String input) throws Exception {
    Document document = parse(input);
    Element root = document.getDocumentElement();
    Node signature = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature").item(0);
    DOMValidateContext context = new DOMValidateContext(readCertificate(certificate).getPublicKey(), signature);
    if (root.hasAttribute("id")) context.setIdAttributeNS(root, null, "id");
    return XML.unmarshalXMLSignature(context).validate(context);
  }

  /** RFC 9231 2.3.9: rsa-pss names its digest in an element; every other method in its identifier. */
  private static SignatureMethodParameterSpec parametersOf(String method) {
    if (!method.endsWith("#rsa-pss")) return null;
    return new RSAPSSParameterSpec(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, PSSParameterSpec.TRAILER_FIELD_BC));
  }

  private static ExcC14NParameterSpec prefixList(String prefixes) {
    return prefixes.isEmpty() ? null : new ExcC14NParameterSpec(List.of(prefixes.split(" ")));
  }

  private static Document parse(String file) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    return factory.newDocumentBuilder().parse(new File(file));
  }

  private static X509Certificate readCertificate(String file) throws Exception {
    byte[] pem = Files.readAllBytes(Path.of(file));
    return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
  }

  private static PrivateKey readKey(String file, String algorithm) throws Exception {
    String base64 = Files.readString(Path.of(file)).replaceAll("-----.*-----|\\s", "");
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
  }
}
