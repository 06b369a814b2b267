package policies_test

import (
	"os"
	"strings"
	"testing"

	"stagecoach/policies"
)

func TestDetectLanguage(t *testing.T) {
	for _, c := range []struct{ want, text string }{
		{"de", "Danke, geht"},
		{"de", "Wo bleibt meine Bestellung?"},
		{"de", "Guten Tag, ich habe die Rechnung noch nicht erhalten."},
		{"de", "Moin, das Paket ist kaputt angekommen"},
		{"de", "Bitte kündigen Sie meinen Vertrag zum Jahresende."},
		{"de", "Ich möchte mein Passwort zurücksetzen"},
		{"de", "Funktioniert leider immer noch nicht."},
		{"de", "Können Sie mir helfen?"},
		{"de", "Das ist jetzt schon das dritte Mal!"},
		{"de", "Wann wird geliefert?"},
		{"de", "Sehr geehrte Damen und Herren,\nanbei die Unterlagen.\nMit freundlichen Grüßen"},
		{"en", "Thanks, that works"},
		{"en", "Where is my order?"},
		{"en", "Hello, I have not received the invoice yet."},
		{"en", "Please cancel my subscription at the end of the month."},
		{"en", "I can't log in to my account"},
		{"en", "The parcel arrived broken, what should I do?"},
		{"en", "Still not working."},
		{"en", "How do I reset my password?"},
		{"en", "Could you send me a copy of the bill for March?"},
		{"en", "I want a refund"},
		{"en", "When will it be delivered?"},
		{"fr", "Merci, ça marche"},
		{"fr", "Où est ma commande ?"},
		{"fr", "Bonjour, je n'ai pas encore reçu la facture."},
		{"fr", "Je voudrais résilier mon contrat à la fin de l'année."},
		{"fr", "Le colis est arrivé cassé"},
		{"fr", "Pouvez-vous m'aider, s'il vous plaît ?"},
		{"fr", "Ça ne fonctionne toujours pas."},
		{"fr", "Comment puis-je changer mon mot de passe ?"},
		{"fr", "C'est la troisième fois que je vous écris !"},
		{"fr", "Quand serai-je livré ?"},
		{"es", "Gracias, ya funciona"},
		{"es", "¿Dónde está mi pedido?"},
		{"es", "Hola, todavía no he recibido la factura."},
		{"es", "Quiero cancelar mi suscripción a final de mes."},
		{"es", "El paquete ha llegado roto"},
		{"es", "¿Me pueden ayudar, por favor?"},
		{"es", "Sigue sin funcionar, es la tercera vez que escribo."},
		{"es", "¿Cuándo llega?"},
		{"es", "No puedo entrar en mi cuenta"},
		{"it", "Grazie, adesso funziona"},
		{"it", "Dov'è il mio ordine?"},
		{"it", "Buongiorno, non ho ancora ricevuto la fattura."},
		{"it", "Vorrei disdire il mio contratto alla fine dell'anno."},
		{"it", "Il pacco è arrivato rotto"},
		{"it", "Potete aiutarmi, per favore?"},
		{"it", "Non riesco ad accedere al mio account"},
		{"it", "Quando arriva la consegna?"},
		{"it", "È già la terza volta che vi scrivo!"},
		{"nl", "Bedankt, het werkt"},
		{"nl", "Waar is mijn bestelling?"},
		{"nl", "Goedemiddag, ik heb de factuur nog niet ontvangen."},
		{"nl", "Ik wil mijn abonnement opzeggen aan het einde van de maand."},
		{"nl", "Het pakket is kapot aangekomen"},
		{"nl", "Kunt u mij helpen alstublieft?"},
		{"nl", "Het werkt nog steeds niet."},
		{"nl", "Hoe kan ik mijn wachtwoord wijzigen?"},
		{"nl", "Wanneer wordt het geleverd?"},
		{"pl", "Dziękuję, działa"},
		{"pl", "Gdzie jest moje zamówienie?"},
		{"pl", "Dzień dobry, nie otrzymałem jeszcze faktury."},
		{"pl", "Proszę o anulowanie zamówienia."},
		{"pl", "Paczka przyszła uszkodzona"},
		{"pl", "Nie mogę zalogować się na swoje konto"},
		{"pl", "Czy mogą Państwo mi pomóc?"},
		// Not sure, or a language that isn't known.
		{"", ""},
		{"", "ok"},
		{"", "4711"},
		{"", "???"},
		{"", "https://shop.example/order/the/is"},
		{"", "Info"},
		{"", "Bom dia, gostaria de saber onde está a minha encomenda, obrigado."},
		{"", "Olá, ainda não recebi o meu pedido."},
		{"", "Hej, var är min beställning?"},
		{"", "Hei, hvor er bestillingen min?"},
		{"", "Dobrý den, kde je moje objednávka?"},
		{"", "Где мой заказ?"},
		{"", "我的订单在哪里?"},
		{"", "Invoice 4711 / Rechnung 4711"},
		// What is quoted isn't what they wrote.
		{"de", "Das geht leider nicht.\n> Please tell us whether this is what you have\n> and when you will be there"},
	} {
		if got := policies.DetectLanguage(c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// TestLanguageOfShortLines holds the floors on lines written for it: 97
// of 100 right, and of those that aren't, most unknown.
func TestLanguageOfShortLines(t *testing.T) {
	lines, right, unknown := 0, 0, 0
	for _, language := range []string{"de", "en", "es", "fr"} {
		text, err := os.ReadFile("testdata/lang/" + language + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			lines++
			switch policies.DetectLanguage(line) {
			case language:
				right++
			case "":
				unknown++
			}
		}
	}
	wrong := lines - right - unknown
	t.Logf("%d lines: %d right, %d unknown, %d wrong", lines, right, unknown, wrong)
	if lines != 1000 || right < 970 || wrong > 8 {
		t.Errorf("of %d lines %d right, %d unknown, %d wrong", lines, right, unknown, wrong)
	}
}

func BenchmarkDetectLanguageOfALine(b *testing.B) {
	for b.Loop() {
		policies.DetectLanguage("I have not received the invoice yet")
	}
}

func TestDetectLanguageOfLongTextIsBounded(t *testing.T) {
	text := strings.Repeat("Guten Tag, ich habe die Rechnung nicht erhalten. ", 100_000)
	if got := policies.DetectLanguage(text); got != "de" {
		t.Errorf("got %q", got)
	}
	policies.DetectLanguage(strings.Repeat("\xff", 10_000))
}

func BenchmarkDetectLanguage(b *testing.B) {
	text := strings.Repeat("Hello, I have not received the invoice yet and wonder where it is. ", 30)
	for b.Loop() {
		policies.DetectLanguage(text)
	}
}

// TestOutvoted: what a channel says is often the language of a browser or of a
// mail program.
func TestOutvoted(t *testing.T) {
	for _, c := range []struct{ said, text, want string }{
		{"en", "¿Dónde está mi pedido LH-50399? El seguimiento no cambia desde hace una semana.", "es"},
		{"en", "Wo bleibt meine Bestellung? Ich warte seit drei Wochen auf die Lieferung.", "de"},
		{"de", "Where is my order? I have been waiting for it since last week.", "en"},
		{"de", "ok thanks", "de"},
		{"en", "Danke!", "en"},
		{"en", "", "en"},
		{"de", "Hallo, could you bitte help me with the invoice? Ich finde sie nicht.", "de"},
		{"ja", "Where is my order? I have been waiting for it since last week.", "ja"},
		{"en", "Где мой заказ? Я жду его уже две недели.", "en"},
	} {
		if got := policies.Outvoted(c.said, c.text); got != c.want {
			t.Errorf("%q said to be %s: %s, want %s", c.text, c.said, got, c.want)
		}
	}
}
