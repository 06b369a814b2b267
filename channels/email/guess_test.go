package email

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// Texts as customers write them, in charsets that they are sent in without a
// label.
const (
	russianText   = "Здравствуйте! Мой заказ № 4711 до сих пор не доставлен. Проверьте, пожалуйста.\r\nС уважением, Ирина"
	ukrainianText = "Добрий день! Моє замовлення ще не надійшло, перевірте, будь ласка, його стан."
	bulgarianText = "Здравейте, поръчката ми все още не е пристигнала. Моля, проверете."
	greekText     = "Καλησπέρα, η παραγγελία μου δεν έχει φτάσει ακόμη. Ευχαριστώ πολύ."
	hebrewText    = "שלום, ההזמנה שלי עדיין לא הגיעה. אשמח לעזרה, תודה רבה"
	arabicText    = "مرحبا، لم يصل طلبي حتى الآن وأرجو المساعدة. شكرا لكم"
	thaiText      = "สวัสดีครับ สินค้าที่สั่งซื้อยังไม่มาถึง กรุณาตรวจสอบให้ด้วย ขอบคุณครับ"
	japaneseText  = "お世話になっております。注文した商品がまだ届いていません。ご確認をお願いします。"
	koreanText    = "안녕하세요. 주문한 상품이 아직 도착하지 않았습니다. 확인 부탁드립니다."
	simpleChinese = "您好，我的订单还没有收到，请帮我查询一下，谢谢。"
	oldChinese    = "您好，我的訂單還沒有收到，請幫我查詢一下，謝謝。"
	polishText    = "Dzień dobry, moje zamówienie nie dotarło. Proszę o pomoc, żółta paczka jest późno."
	czechText     = "Dobrý den, moje objednávka ještě nedošla. Můžete mi prosím říct, kde je můj balík?"
	hungarianText = "Jó napot, a rendelésem még mindig nem érkezett meg. Köszönöm szépen a segítséget, üdvözlettel: Győző"
	turkishText   = "Merhaba, siparişim hâlâ gelmedi. Yardımcı olur musunuz? Teşekkürler, iyi günler dileğiyle"
	germanText    = "Guten Tag, meine Bestellung ist noch nicht da. Können Sie prüfen, wo sie ist? Grüße, Jörg Weiß"
	frenchText    = "Bonjour, ma commande n’est pas encore arrivée. Où est-elle ? Ça m’a été très pénible – cœur"
	spanishText   = "¿Dónde está mi pedido? Mañana salgo de viaje. ¡Gracias! Núñez, 3.º piso"
	swedishText   = "Hej, min beställning har inte kommit. Kan ni hjälpa mig? Hälsningar, Åsa Öberg på Gröna gatan"
	icelandicText = "Góðan daginn, pöntunin mín er ekki komin ennþá. Getið þið athugað það? Kærar þakkir"
	portugueseTxt = "Olá, a minha encomenda ainda não chegou. Podem verificar a situação? Obrigação é informar, até amanhã"
)

func TestUnlabelledTextsAreReadAsTheyWereWritten(t *testing.T) {
	for _, c := range []struct {
		text     string
		charsets map[string]encoding.Encoding
	}{
		{russianText, map[string]encoding.Encoding{"windows-1251": charmap.Windows1251, "koi8-r": charmap.KOI8R, "iso-8859-5": charmap.ISO8859_5, "cp866": charmap.CodePage866}},
		{ukrainianText, map[string]encoding.Encoding{"windows-1251": charmap.Windows1251, "koi8-u": charmap.KOI8U}},
		{bulgarianText, map[string]encoding.Encoding{"windows-1251": charmap.Windows1251}},
		{greekText, map[string]encoding.Encoding{"windows-1253": charmap.Windows1253, "iso-8859-7": charmap.ISO8859_7}},
		{hebrewText, map[string]encoding.Encoding{"windows-1255": charmap.Windows1255, "iso-8859-8": charmap.ISO8859_8}},
		{arabicText, map[string]encoding.Encoding{"windows-1256": charmap.Windows1256, "iso-8859-6": charmap.ISO8859_6}},
		{thaiText, map[string]encoding.Encoding{"windows-874": charmap.Windows874}},
		{japaneseText, map[string]encoding.Encoding{"shift_jis": japanese.ShiftJIS, "euc-jp": japanese.EUCJP}},
		{koreanText, map[string]encoding.Encoding{"euc-kr": korean.EUCKR}},
		{simpleChinese, map[string]encoding.Encoding{"gb18030": simplifiedchinese.GB18030}},
		{oldChinese, map[string]encoding.Encoding{"big5": traditionalchinese.Big5}},
		{polishText, map[string]encoding.Encoding{"iso-8859-2": charmap.ISO8859_2, "windows-1250": charmap.Windows1250}},
		{czechText, map[string]encoding.Encoding{"iso-8859-2": charmap.ISO8859_2, "windows-1250": charmap.Windows1250}},
		{hungarianText, map[string]encoding.Encoding{"iso-8859-2": charmap.ISO8859_2, "windows-1250": charmap.Windows1250}},
		{turkishText, map[string]encoding.Encoding{"windows-1254": charmap.Windows1254}},
		{germanText, map[string]encoding.Encoding{"windows-1252": charmap.Windows1252, "cp850": charmap.CodePage850, "macintosh": charmap.Macintosh}},
		{frenchText, map[string]encoding.Encoding{"windows-1252": charmap.Windows1252, "macintosh": charmap.Macintosh}},
		{spanishText, map[string]encoding.Encoding{"windows-1252": charmap.Windows1252}},
		{swedishText, map[string]encoding.Encoding{"windows-1252": charmap.Windows1252}},
		{icelandicText, map[string]encoding.Encoding{"windows-1252": charmap.Windows1252}},
		{portugueseTxt, map[string]encoding.Encoding{"windows-1252": charmap.Windows1252}},
	} {
		for name, charset := range c.charsets {
			octets, err := charset.NewEncoder().Bytes([]byte(c.text))
			if err != nil {
				octets, err = charset.NewEncoder().Bytes([]byte(strings.NewReplacer("№ ", "", "،", ",", "Моє", "Мое").Replace(c.text)))
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want, _ := charset.NewDecoder().Bytes(octets)
			if got := toUTF8(octets); got != string(want) {
				t.Errorf("%s\n got %q\nwant %q", name, got, want)
			}
			// Beside much that is ASCII, such as an address and a signature.
			mixed := append([]byte("Order 4711\r\n\r\n"), octets...)
			mixed = append(mixed, "\r\n\r\nhttps://shop.example/orders/4711?lang=en\r\nSent from my phone"...)
			if got := toUTF8(mixed); !strings.Contains(got, string(want)) {
				t.Errorf("%s beside ASCII\n got %q\nwant %q", name, got, want)
			}
		}
	}
}

// A subject is short; a name shorter.
func TestUnlabelledWordsAreReadAsTheyWereWritten(t *testing.T) {
	for _, c := range []struct {
		text    string
		charset encoding.Encoding
	}{
		{"Вопрос о заказе", charmap.Windows1251},
		{"Вопрос о заказе", charmap.KOI8R},
		{"Ирина Петрова", charmap.Windows1251},
		{"Ирина Петрова", charmap.KOI8R},
		{"关于订单的问题", simplifiedchinese.GBK},
		{"张三", simplifiedchinese.GBK},
		{"王小明", simplifiedchinese.GBK},
		{"關於訂單的問題", traditionalchinese.Big5},
		{"ご注文の件について", japanese.ShiftJIS},
		{"見積書のファイル.pdf", japanese.ShiftJIS},
		{"ご注文の件について", japanese.EUCJP},
		{"주문 관련 문의드립니다", korean.EUCKR},
		{"Ερώτηση για παραγγελία", charmap.Windows1253},
		{"Müller", charmap.Windows1252},
		{"José Núñez", charmap.Windows1252},
		{"Réclamation", charmap.Windows1252},
		{"Ångström & Söhne GmbH", charmap.Windows1252},
		{"ÄÖÜ", charmap.Windows1252},
		{"Größe: 12 m² für 30 €", charmap.Windows1252},
		{"It´s 5° outside", charmap.Windows1252},
		{"naïve café", charmap.Windows1252},
		{"“quoted” – and so on…", charmap.Windows1252},
		{"RÉSUMÉ À JOUR", charmap.Windows1252},
		{"Łódź", charmap.Windows1250},
		{"Příliš žluťoučký kůň", charmap.ISO8859_2},
	} {
		octets, err := c.charset.NewEncoder().Bytes([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := toUTF8(octets); got != c.text {
			t.Errorf("got %q, want %q", got, c.text)
		}
	}
}

// The label of the West stands on everything.
func TestLabelOfTheWestIsNotBelieved(t *testing.T) {
	for text, charset := range map[string]encoding.Encoding{
		russianText: charmap.Windows1251, simpleChinese: simplifiedchinese.GBK, oldChinese: traditionalchinese.Big5,
		japaneseText: japanese.ShiftJIS, greekText: charmap.Windows1253,
	} {
		octets, err := charset.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range []string{"iso-8859-1", "windows-1252", "us-ascii", "x-nobody-knows"} {
			if got, known := decodeCharset(octets, label); got != text || known {
				t.Errorf("%s: got %q, known %v, want %q", label, got, known, text)
			}
		}
	}
	for _, text := range []string{germanText, frenchText, spanishText, swedishText, icelandicText, portugueseTxt, "ÄÖÜ ÀÉÈ ÑÑ ÅÆØ"} {
		octets, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, known := decodeCharset(octets, "iso-8859-1"); got != text || !known {
			t.Errorf("got %q, known %v, want %q", got, known, text)
		}
	}
}
