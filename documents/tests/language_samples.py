"""The same five sentences and five short questions in many languages, written for these tests."""

# ruff: noqa: RUF001 -- letters of other alphabets look like Latin ones.

# Per language: the sentences, and the questions.
SAMPLES: dict[str, tuple[list[str], list[str]]] = {
    "en": (
        [
            "The tenant shall give three months' notice before leaving the flat.",
            "Invoices are paid within thirty days of the date on which they arrive.",
            "Please restart the server after you have changed the configuration file.",
            "The new machine needs less power than the one it replaces.",
            "Nobody may enter the laboratory without safety glasses.",
        ],
        [
            "Who signs the contract?",
            "How many holidays do I have?",
            "Where is the main switch?",
            "What does the warranty cover?",
            "When does the shop close?",
        ],
    ),
    "de": (
        [
            "Der Mieter muss drei Monate vor dem Auszug schriftlich kündigen.",
            "Rechnungen werden innerhalb von dreißig Tagen nach Eingang bezahlt.",
            "Bitte starten Sie den Server neu, nachdem Sie die Datei geändert haben.",
            "Die neue Maschine braucht weniger Strom als die alte.",
            "Niemand darf das Labor ohne Schutzbrille betreten.",
        ],
        [
            "Wer unterschreibt den Vertrag?",
            "Wie viele Urlaubstage habe ich?",
            "Wo ist der Hauptschalter?",
            "Was deckt die Garantie ab?",
            "Wann schließt der Laden?",
        ],
    ),
    "fr": (
        [
            "Le locataire doit donner un préavis de trois mois avant de quitter l'appartement.",
            "Les factures sont payées dans les trente jours suivant leur réception.",
            "Veuillez redémarrer le serveur après avoir modifié le fichier de configuration.",
            "La nouvelle machine consomme moins d'électricité que l'ancienne.",
            "Personne ne peut entrer dans le laboratoire sans lunettes de protection.",
        ],
        [
            "Qui signe le contrat ?",
            "Combien de jours de congé ai-je ?",
            "Où se trouve l'interrupteur principal ?",
            "Que couvre la garantie ?",
            "Quand ferme le magasin ?",
        ],
    ),
    "es": (
        [
            "El inquilino debe avisar con tres meses de antelación antes de dejar el piso.",
            "Las facturas se pagan dentro de los treinta días siguientes a su recepción.",
            "Reinicie el servidor después de haber cambiado el archivo de configuración.",
            "La máquina nueva gasta menos electricidad que la anterior.",
            "Nadie puede entrar en el laboratorio sin gafas de seguridad.",
        ],
        [
            "¿Quién firma el contrato?",
            "¿Cuántos días de vacaciones tengo?",
            "¿Dónde está el interruptor principal?",
            "¿Qué cubre la garantía?",
            "¿Cuándo cierra la tienda?",
        ],
    ),
    "it": (
        [
            "L'inquilino deve dare un preavviso di tre mesi prima di lasciare l'appartamento.",
            "Le fatture vengono pagate entro trenta giorni dalla data di ricevimento.",
            "Riavviare il server dopo aver modificato il file di configurazione.",
            "La nuova macchina consuma meno elettricità di quella vecchia.",
            "Nessuno può entrare nel laboratorio senza occhiali di protezione.",
        ],
        [
            "Chi firma il contratto?",
            "Quanti giorni di ferie ho?",
            "Dove si trova l'interruttore generale?",
            "Che cosa copre la garanzia?",
            "Quando chiude il negozio?",
        ],
    ),
    "pt": (
        [
            "O inquilino deve avisar com três meses de antecedência antes de deixar a casa.",
            "As faturas são pagas no prazo de trinta dias após a sua receção.",
            "Reinicie o servidor depois de ter alterado o ficheiro de configuração.",
            "A máquina nova gasta menos eletricidade do que a antiga.",
            "Ninguém pode entrar no laboratório sem óculos de proteção.",
        ],
        [
            "Quem assina o contrato?",
            "Quantos dias de férias tenho?",
            "Onde fica o interruptor principal?",
            "O que cobre a garantia?",
            "Quando fecha a loja?",
        ],
    ),
    "nl": (
        [
            "De huurder moet drie maanden voor het verlaten van de woning opzeggen.",
            "Facturen worden binnen dertig dagen na ontvangst betaald.",
            "Start de server opnieuw nadat u het configuratiebestand hebt gewijzigd.",
            "De nieuwe machine verbruikt minder stroom dan de oude.",
            "Niemand mag het laboratorium zonder veiligheidsbril betreden.",
        ],
        [
            "Wie ondertekent het contract?",
            "Hoeveel vakantiedagen heb ik?",
            "Waar zit de hoofdschakelaar?",
            "Wat dekt de garantie?",
            "Wanneer sluit de winkel?",
        ],
    ),
    "pl": (
        [
            "Najemca musi wypowiedzieć umowę na trzy miesiące przed opuszczeniem mieszkania.",
            "Faktury są opłacane w ciągu trzydziestu dni od ich otrzymania.",
            "Po zmianie pliku konfiguracyjnego należy ponownie uruchomić serwer.",
            "Nowa maszyna zużywa mniej prądu niż stara.",
            "Nikt nie może wejść do laboratorium bez okularów ochronnych.",
        ],
        [
            "Kto podpisuje umowę?",
            "Ile dni urlopu mam?",
            "Gdzie jest główny wyłącznik?",
            "Co obejmuje gwarancja?",
            "Kiedy zamykają sklep?",
        ],
    ),
    "ru": (
        [
            "Арендатор должен предупредить за три месяца до выезда из квартиры.",
            "Счета оплачиваются в течение тридцати дней после получения.",
            "После изменения файла настроек перезапустите сервер.",
            "Новая машина потребляет меньше электричества, чем старая.",
            "Никто не может входить в лабораторию без защитных очков.",
        ],
        [
            "Кто подписывает договор?",
            "Сколько у меня дней отпуска?",
            "Где находится главный выключатель?",
            "Что покрывает гарантия?",
            "Когда закрывается магазин?",
        ],
    ),
    "zh": (
        [
            "租户搬离公寓前必须提前三个月通知。",
            "发票在收到之日起三十天内支付。",
            "更改配置文件后请重新启动服务器。",
            "新机器比旧机器更省电。",
            "不戴护目镜任何人不得进入实验室。",
        ],
        ["谁签合同?", "我有多少天假期?", "总开关在哪里?", "保修包括什么?", "商店什么时候关门?"],
    ),
    "ja": (
        [
            "借主は退去の三か月前までに書面で通知しなければなりません。",
            "請求書は受け取った日から三十日以内に支払われます。",
            "設定ファイルを変更した後、サーバーを再起動してください。",
            "新しい機械は古い機械より電力を使いません。",
            "保護メガネなしで研究室に入ることはできません。",
        ],
        [
            "誰が契約書に署名しますか?",
            "休暇は何日ありますか?",
            "主電源スイッチはどこですか?",
            "保証は何を含みますか?",
            "店はいつ閉まりますか?",
        ],
    ),
    "ar": (
        [
            "يجب على المستأجر إشعار المالك قبل ثلاثة أشهر من مغادرة الشقة.",
            "تدفع الفواتير خلال ثلاثين يوما من تاريخ استلامها.",
            "يرجى إعادة تشغيل الخادم بعد تغيير ملف الإعدادات.",
            "الآلة الجديدة تستهلك كهرباء أقل من القديمة.",
            "لا يجوز لأحد دخول المختبر بدون نظارات واقية.",
        ],
        [
            "من يوقع العقد؟",
            "كم يوم إجازة لدي؟",
            "أين المفتاح الرئيسي؟",
            "ماذا يغطي الضمان؟",
            "متى يغلق المتجر؟",
        ],
    ),
    "ko": (
        [
            "세입자는 아파트를 떠나기 세 달 전에 알려야 합니다.",
            "청구서는 받은 날부터 삼십 일 이내에 지불됩니다.",
            "설정 파일을 변경한 후 서버를 다시 시작하십시오.",
            "새 기계는 이전 기계보다 전기를 적게 사용합니다.",
            "보안경 없이는 아무도 실험실에 들어갈 수 없습니다.",
        ],
        [
            "누가 계약서에 서명합니까?",
            "휴가가 며칠입니까?",
            "주 스위치는 어디에 있습니까?",
            "보증은 무엇을 포함합니까?",
            "가게는 언제 닫습니까?",
        ],
    ),
    "sv": (
        [
            "Hyresgästen måste säga upp avtalet tre månader innan han flyttar.",
            "Fakturor betalas inom trettio dagar efter att de har kommit.",
            "Starta om servern efter att du har ändrat konfigurationsfilen.",
            "Den nya maskinen drar mindre ström än den gamla.",
            "Ingen får gå in i laboratoriet utan skyddsglasögon.",
        ],
        [
            "Vem skriver under avtalet?",
            "Hur många semesterdagar har jag?",
            "Var finns huvudströmbrytaren?",
            "Vad täcker garantin?",
            "När stänger affären?",
        ],
    ),
    "da": (
        [
            "Lejeren skal opsige aftalen tre måneder før han flytter ud af lejligheden.",
            "Regninger betales inden for tredive dage efter modtagelsen.",
            "Genstart serveren, efter at du har ændret konfigurationsfilen.",
            "Den nye maskine bruger mindre strøm end den gamle.",
            "Ingen må gå ind i laboratoriet uden beskyttelsesbriller.",
        ],
        [
            "Hvem underskriver aftalen?",
            "Hvor mange feriedage har jeg?",
            "Hvor er hovedafbryderen?",
            "Hvad dækker garantien?",
            "Hvornår lukker butikken?",
        ],
    ),
    "fi": (
        [
            "Vuokralaisen on irtisanottava sopimus kolme kuukautta ennen muuttoa.",
            "Laskut maksetaan kolmenkymmenen päivän kuluessa saapumisesta.",
            "Käynnistä palvelin uudelleen, kun olet muuttanut asetustiedostoa.",
            "Uusi kone kuluttaa vähemmän sähköä kuin vanha.",
            "Kukaan ei saa mennä laboratorioon ilman suojalaseja.",
        ],
        [
            "Kuka allekirjoittaa sopimuksen?",
            "Montako lomapäivää minulla on?",
            "Missä on pääkytkin?",
            "Mitä takuu kattaa?",
            "Milloin kauppa sulkeutuu?",
        ],
    ),
    "cs": (
        [
            "Nájemce musí dát výpověď tři měsíce předtím, než byt opustí.",
            "Faktury se platí do třiceti dnů od jejich doručení.",
            "Po změně konfiguračního souboru restartujte server.",
            "Nový stroj spotřebuje méně elektřiny než starý.",
            "Nikdo nesmí vstoupit do laboratoře bez ochranných brýlí.",
        ],
        [
            "Kdo podepisuje smlouvu?",
            "Kolik mám dní dovolené?",
            "Kde je hlavní vypínač?",
            "Co kryje záruka?",
            "Kdy zavírá obchod?",
        ],
    ),
    "tr": (
        [
            "Kiracı evden ayrılmadan üç ay önce haber vermek zorundadır.",
            "Faturalar alındıkları tarihten itibaren otuz gün içinde ödenir.",
            "Yapılandırma dosyasını değiştirdikten sonra sunucuyu yeniden başlatın.",
            "Yeni makine eskisinden daha az elektrik harcıyor.",
            "Koruyucu gözlük olmadan kimse laboratuvara giremez.",
        ],
        [
            "Sözleşmeyi kim imzalıyor?",
            "Kaç gün iznim var?",
            "Ana şalter nerede?",
            "Garanti neleri kapsıyor?",
            "Mağaza ne zaman kapanıyor?",
        ],
    ),
    "uk": (
        [
            "Орендар повинен попередити за три місяці до виїзду з квартири.",
            "Рахунки сплачуються протягом тридцяти днів після отримання.",
            "Після зміни файлу налаштувань перезапустіть сервер.",
            "Нова машина споживає менше електроенергії, ніж стара.",
            "Ніхто не може входити до лабораторії без захисних окулярів.",
        ],
        [
            "Хто підписує договір?",
            "Скільки в мене днів відпустки?",
            "Де знаходиться головний вимикач?",
            "Що покриває гарантія?",
            "Коли зачиняється магазин?",
        ],
    ),
    "el": (
        [
            "Ο ενοικιαστής πρέπει να ειδοποιήσει τρεις μήνες πριν φύγει από το διαμέρισμα.",
            "Τα τιμολόγια πληρώνονται μέσα σε τριάντα ημέρες από την παραλαβή τους.",
            "Επανεκκινήστε τον διακομιστή αφού αλλάξετε το αρχείο ρυθμίσεων.",
            "Το νέο μηχάνημα χρειάζεται λιγότερο ρεύμα από το παλιό.",
            "Κανείς δεν μπορεί να μπει στο εργαστήριο χωρίς προστατευτικά γυαλιά.",
        ],
        [
            "Ποιος υπογράφει τη σύμβαση;",
            "Πόσες ημέρες άδειας έχω;",
            "Πού είναι ο γενικός διακόπτης;",
            "Τι καλύπτει η εγγύηση;",
            "Πότε κλείνει το κατάστημα;",
        ],
    ),
    "ro": (
        [
            "Chiriașul trebuie să anunțe cu trei luni înainte de a părăsi apartamentul.",
            "Facturile se plătesc în termen de treizeci de zile de la primire.",
            "Reporniți serverul după ce ați modificat fișierul de configurare.",
            "Mașina nouă consumă mai puțin curent decât cea veche.",
            "Nimeni nu poate intra în laborator fără ochelari de protecție.",
        ],
        [
            "Cine semnează contractul?",
            "Câte zile de concediu am?",
            "Unde este întrerupătorul principal?",
            "Ce acoperă garanția?",
            "Când se închide magazinul?",
        ],
    ),
    "hu": (
        [
            "A bérlőnek három hónappal a kiköltözés előtt fel kell mondania.",
            "A számlákat a beérkezéstől számított harminc napon belül fizetjük ki.",
            "A beállítófájl módosítása után indítsa újra a kiszolgálót.",
            "Az új gép kevesebb áramot fogyaszt, mint a régi.",
            "Védőszemüveg nélkül senki sem léphet be a laboratóriumba.",
        ],
        [
            "Ki írja alá a szerződést?",
            "Hány nap szabadságom van?",
            "Hol van a főkapcsoló?",
            "Mire terjed ki a garancia?",
            "Mikor zár a bolt?",
        ],
    ),
}
