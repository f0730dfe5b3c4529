// Messages as they are exchanged: a UBL invoice, a SOAP call and an X-Road request, as often as the
// payload is long.
import type { PayloadShape } from './shapes.ts'

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd'

const ublInvoices: PayloadShape = {
  open: '<Batch>\n',
  writeLine: n => `<Invoice xmlns="${UBL}:Invoice-2" \
xmlns:cac="${UBL}:CommonAggregateComponents-2" \
xmlns:cbc="${UBL}:CommonBasicComponents-2">
  <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
  <cbc:ID>INV-${n}</cbc:ID>
  <cbc:IssueDate>2026-11-${10 + (n % 20)}</cbc:IssueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty>
    <cac:Party>
      <cbc:EndpointID schemeID="0088">7300010000001</cbc:EndpointID>
      <cac:PartyName><cbc:Name>Müller &amp; Söhne GmbH</cbc:Name></cac:PartyName>
      <cac:PostalAddress>
        <cbc:StreetName>Königsallee ${n % 200}</cbc:StreetName>
        <cbc:CityName>Düsseldorf</cbc:CityName>
        <cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country>
      </cac:PostalAddress>
      <cac:PartyTaxScheme><cbc:CompanyID>DE${100000000 + n}</cbc:CompanyID>\
<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    </cac:Party>
  </cac:AccountingSupplierParty>
  <cac:TaxTotal>
    <cbc:TaxAmount currencyID="EUR">${n % 1000}.25</cbc:TaxAmount>
    <cac:TaxSubtotal>
      <cbc:TaxableAmount currencyID="EUR">${n % 5000}.00</cbc:TaxableAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19.0</cbc:Percent></cac:TaxCategory>
    </cac:TaxSubtotal>
  </cac:TaxTotal>
${writeInvoiceLine(1)}${writeInvoiceLine(2)}${writeInvoiceLine(3)}</Invoice>
`,
  close: '</Batch>',
}

function writeInvoiceLine(n: number): string {
  return `  <cac:InvoiceLine>
    <cbc:ID>${n}</cbc:ID>
    <cbc:InvoicedQuantity unitCode="DAY">${n * 7}</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">${n}800.00</cbc:LineExtensionAmount>
    <cac:Item>
      <cbc:Description>Maintenance of pumps, quarter ${n}</cbc:Description>
      <cbc:Name>Service</cbc:Name>
      <cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19.0</cbc:Percent>\
<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>
    </cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="EUR">400.00</cbc:PriceAmount></cac:Price>
  </cac:InvoiceLine>
`
}

const soapCalls: PayloadShape = {
  open: '<Calls>\n',
  writeLine: n => `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" \
xmlns:wsa="http://www.w3.org/2005/08/addressing" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xmlns:xsd="http://www.w3.org/2001/XMLSchema">
 <soap:Header>
  <wsa:Action soap:mustUnderstand="true">urn:example:register:GetPerson</wsa:Action>
  <wsa:MessageID>urn:uuid:6b29fc40-ca47-1067-b31d-${String(n).padStart(12, '0')}</wsa:MessageID>
  <wsa:To>https://register.example/person</wsa:To>
 </soap:Header>
 <soap:Body>
  <GetPersonResponse xmlns="urn:example:register">
   <Person xsi:type="NaturalPerson">
    <Code xsi:type="xsd:string">${48000000000 + n}</Code>
    <GivenName>Zoë</GivenName><FamilyName>O&apos;Neill</FamilyName>
    <BirthDate>1980-0${1 + (n % 9)}-14</BirthDate>
    <Deceased xsi:nil="true"/>
   </Person>
  </GetPersonResponse>
 </soap:Body>
</soap:Envelope>
`,
  close: '</Calls>',
}

const xroadRequests: PayloadShape = {
  open: '<Requests>\r\n',
  writeLine: n => `<SOAP-ENV:Envelope\r
    xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"\r
    xmlns:xrd="http://x-road.eu/xsd/xroad.xsd"\r
    xmlns:id="http://x-road.eu/xsd/identifiers">\r
  <SOAP-ENV:Header>\r
    <xrd:client id:objectType="SUBSYSTEM"><id:xRoadInstance>EE</id:xRoadInstance>\
<id:memberClass>GOV</id:memberClass><id:memberCode>70006317</id:memberCode>\
<id:subsystemCode>generic-consumer</id:subsystemCode></xrd:client>\r
    <xrd:service id:objectType='SERVICE'><id:xRoadInstance>EE</id:xRoadInstance>\
<id:memberClass>GOV</id:memberClass><id:memberCode>70008440</id:memberCode>\
<id:subsystemCode>rr</id:subsystemCode><id:serviceCode>RR67_muutus</id:serviceCode>\
<id:serviceVersion>v1</id:serviceVersion></xrd:service>\r
    <xrd:userId>EE${38000000000 + n}</xrd:userId>\r
    <xrd:id>${n}</xrd:id>\r
    <xrd:protocolVersion>4.0</xrd:protocolVersion>\r
  </SOAP-ENV:Header>\r
  <SOAP-ENV:Body>\r
    <prod:RR67_muutus xmlns:prod="http://rr.x-road.eu/producer">\
<request><Kuupaev>2026-11-28</Kuupaev><Isikukood>${48000000000 + n}</Isikukood>\
<Märkus>Päring nr ${n}</Märkus></request>\
</prod:RR67_muutus>\r
  </SOAP-ENV:Body>\r
</SOAP-ENV:Envelope>\r
`,
  close: '</Requests>',
}

export const messages = {
  'UBL invoices': ublInvoices,
  'SOAP calls': soapCalls,
  'X-Road requests': xroadRequests,
} as const satisfies Record<string, PayloadShape>
