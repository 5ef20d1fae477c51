# Todo lo que se dice de una política de cobro, en español. `_dat` lleva la preposición «a».

span-minutes = { $count ->
    [one] un minuto
   *[other] { $count } minutos
}
span-hours = { $count ->
    [one] una hora
   *[other] { $count } horas
}
span-days = { $count ->
    [one] un día
   *[other] { $count } días
}
span-working-days = { $count ->
    [one] un día laborable
   *[other] { $count } días laborables
}
span-months = { $count ->
    [one] un mes
   *[other] { $count } meses
}
span-weeks = { $count ->
    [one] una semana
   *[other] { $count } semanas
}

role-billing = sus contactos de facturación
    .dat = a sus contactos de facturación
role-admin = los administradores de su cuenta
    .dat = a los administradores de su cuenta
role-user = los usuarios de la aplicación
    .dat = a los usuarios de la aplicación
role-account-manager = su gestor de cuenta
    .dat = a su gestor de cuenta
role-owner = la persona responsable de nuestra parte
    .dat = a la persona responsable de nuestra parte
role-everyone = todas las personas con la sesión iniciada
    .dat = a todas las personas con la sesión iniciada

channel-email = por correo electrónico
channel-banner = con un aviso en la aplicación
channel-phone = por teléfono
channel-letter = por carta
channel-webhook = con un mensaje a sus sistemas

when-due-before = { $span } antes del vencimiento
when-due-on = el día del vencimiento
when-due-after = { $span } después del vencimiento
when-issued-before = { $span } antes de la fecha de la factura
when-issued-on = en la fecha de la factura
when-issued-after = { $span } después de la fecha de la factura
when-failed-before = { $span } antes del primer cargo fallido
when-failed-on = el día del primer cargo fallido
when-failed-after = { $span } después del primer cargo fallido
when-time = { $when } a las { $time }

terms-version = Versión { $version }
terms-intro = Estos son los pasos que damos cuando una factura queda sin pagar, y aquello con lo que puede contar. Se aplican a cada factura por separado. Las fechas y horas son las de su propia zona horaria; si no la conocemos, vale { $zone }.

section-due = Cuándo vence una factura
due-moved = Si el vencimiento cae en un día que no es laborable, la factura vence el siguiente día laborable.
due-terms = Si una factura llega tarde a nuestros sistemas, no vence hasta que hayan pasado { $span } desde entonces.
due-charged = Sus facturas se cargan en el medio de pago que nos indicó. Mientras el cargo se realice, no ocurre nada.

section-reminders = Qué le recordamos
remind-upcoming = { $when }, recordamos { $who_dat } { $how } que la factura vencerá pronto.
remind-due-today = { $when }, recordamos { $who_dat } { $how } que la factura vence ese día.
remind-overdue = { $when }, comunicamos { $who_dat } { $how } que el pago está vencido.
remind-all-well = { $when }, preguntamos { $who_dat } { $how } si todo está en orden con la factura.
remind-entered = { $when }, comunicamos { $who_dat } { $how } en qué punto están las cosas.
remind-thanks = { $when }, damos las gracias { $who_dat } { $how }.
remind-other = { $when }, escribimos { $who_dat } { $how } sobre la factura.

section-steps = Qué ocurre si una factura queda sin pagar
step-grace = { $when }, un aviso en la aplicación pide el pago { $who_dat }. Todo sigue funcionando como antes.
step-read-only = Como muy pronto { $when }, la aplicación pasa a ser de solo lectura: todo se puede leer y exportar, pero nada se puede modificar.
step-frozen = Como muy pronto { $when }, la aplicación queda bloqueada: solo se puede usar lo que más abajo figura como siempre abierto.
step-slow = Como muy pronto { $when }, la aplicación se ralentiza: pasan hasta { $rate }; lo que llega más deprisa espera un momento o tiene que volver a intentarlo. Todo sigue funcionando.
step-slow-too = Desde entonces también va más despacio: { $rate }.
step-warned = Al menos { $span } antes de que eso ocurra, avisamos { $who_dat } { $how } e indicamos el día y la hora.
step-approval = Solo ocurre si la persona responsable de nuestra parte lo ha aprobado antes de que se anuncie.
step-again = Repetimos este aviso { $spans } antes.
step-proofs = { $count ->
    [one] Solo ocurre si consta que ha llegado al menos un mensaje con este aviso.
   *[other] Solo ocurre si consta que han llegado al menos { $count } mensajes con este aviso, cada uno a otra persona o por otra vía.
}

only-owed = Esto solo ocurre mientras haya en total más de { $amounts } en mora.
only-invoices = { $count ->
    [one] Esto solo ocurre mientras haya más de una factura vencida.
   *[other] Esto solo ocurre mientras haya más de { $count } facturas vencidas.
}
only-sent = Esto solo vale para las facturas que usted mismo paga antes de su vencimiento.
only-charged = Esto solo vale para las facturas que se cobran automáticamente.
only-promised = Esto solo ocurre mientras esté en pie una promesa de pago suya.
only-not-promised = Esto solo ocurre mientras no esté en pie ninguna promesa de pago suya.
only-ends = En cuanto deje de ser así, este paso se revierte.

task-call = { $when }, uno de nosotros le llama por teléfono.
task-call-repeat = { $count ->
    [one] { $when }, uno de nosotros le llama por teléfono una vez.
   *[other] { $when }, uno de nosotros le llama por teléfono; si no es posible hablar con nadie, hasta { $count } veces en total.
}
task-letter = { $when }, le enviamos una carta.
task-approve = { $when }, una persona de nuestro equipo decide cómo continuar.
task-formal-claim = { $when }, una persona de nuestro equipo decide si reclamamos el pago formalmente.
task-hand-off = { $when }, una persona de nuestro equipo decide si alguien más se hace cargo del asunto.
task-other = { $when }, una persona de nuestro equipo examina el asunto.

section-rely = Con qué puede contar
rely-warning = Nunca se restringe nada sin un aviso que haya llegado. Si un aviso le llega tarde, la fecha se retrasa en la misma medida; si no se puede entregar, su acceso queda como está.
rely-last-resort = Si nuestros avisos no se pueden entregar repetidamente, el último sale también por carta. En lugar de una prueba de que ha llegado, la persona responsable de nuestra parte puede entonces dejar constancia de al menos tres vías por las que intentamos contactar con usted.
rely-letter = Una carta se considera recibida cinco días laborables después de su envío.
rely-named = Una restricción nunca llega antes ni es más severa de lo que decía el aviso.
rely-slack = Después de la hora indicada esperamos otros { $span }, para que un pago de último minuto llegue primero.
rely-hours = Una restricción solo empieza en los días siguientes: { $days }, entre las { $from } y las { $to }; nunca de noche, en fin de semana o en día festivo, ni tampoco la víspera.
rely-hours-free = Una restricción solo empieza en los días siguientes: { $days }, entre las { $from } y las { $to }; nunca de noche, en un día libre o festivo, ni tampoco la víspera.
rely-there = Además, solo empieza a horas en las que hay alguien aquí para responderle.
rely-send = Nuestros mensajes solo salen en días laborables entre las { $from } y las { $to }.
rely-back = En cuanto llega el pago, todo se abre de nuevo al instante, a cualquier hora y cualquier día.
rely-saved = Nada de lo que haya guardado se pierde.

section-open = Qué queda siempre abierto
open-intro = Pase lo que pase, siempre podrá:
open-sign-in = iniciar y cerrar sesión
open-pay = pagar
open-standing = ver cuál es su situación y por qué
open-ask = pedir ayuda a una persona
open-export = exportar sus datos
open-cancel = darse de baja
open-delete = eliminar sus datos
open-reduce = quitar personas, revocar claves y sesiones, y cambiar contraseñas y segundos factores

section-agree = Si necesita más tiempo
agree-ask = Si no puede pagar a tiempo o si algo no es correcto en una factura, hable con nosotros, por favor: una persona puede concederle más tiempo.
agree-ordered = Si decidimos nosotros mismos restringir el acceso, se deba lo que se deba, rige lo mismo: un aviso antes de cada paso, ningún paso se omite y termina por sí solo el día indicado.
agree-accept = Estas condiciones deben aceptarse y valen entonces durante { $every }. Mientras no se acepten, una restricción solo comienza si la persona responsable de nuestra parte la ha aprobado antes de que se anuncie, y no se cobra ningún recargo por demora.
agree-promise = También puede prometer usted mismo un pago, para un día que no esté a más de { $span }.
agree-promise-count = { $count ->
    [one] Esto es posible una vez por factura.
   *[other] Esto es posible { $count } veces por factura.
}
agree-promise-at-once = { $count ->
    [one] Solo puede haber una promesa vigente a la vez.
   *[other] Puede haber como máximo { $count } promesas vigentes a la vez.
}
agree-promise-kept = Mientras una promesa está vigente, no se da ningún paso más. Si se cumple, todo está bien; si no, los pasos continúan, con nuevos avisos.
agree-in-flight = Si está en camino un pago que cubre al menos el { $percent } de lo que se debe de una factura, lo esperamos hasta { $span }.
agree-in-flight-times = { $count ->
    [one] Lo hacemos una vez por factura.
   *[other] Lo hacemos hasta { $count } veces por factura.
}

section-amounts = Importes pequeños y grandes, recargos
amount-ignored = Mientras todo lo vencido sume menos de { $amounts }, no ocurre nada.
amount-short = Si de una factura falta menos del { $percent }, lo pedimos, pero no restringimos nada.
amount-person = Si se deben más de { $amounts }, no se restringe nada sin que una persona de nuestro equipo lo haya decidido.
amount-fee = Si una factura lleva vencida más de { $span }, podemos cobrar sobre el importe vencido un interés simple del { $rate } al mes, en total como máximo el { $cap } de ese importe y solo si lo hemos anunciado. Mientras haya un acuerdo vigente no corren intereses.
amount-no-fee = No hay recargos por retraso.

sign-us = Por nuestra parte: lugar, fecha, firma
sign-you = Por el cliente: lugar, fecha, firma

script-due = La factura { $number } vencía el { $due }; quedan pendientes { $amount }.
script-open = Factura { $number }: quedan pendientes { $amount }.
script-read-only = Si no se paga antes, la aplicación pasa a ser de solo lectura. No antes de: { $at }.
script-frozen = Si no se paga antes, la aplicación queda bloqueada. No antes de: { $at }.
script-read-only-part = Si no se paga antes, la parte «{ $scope }» pasa a ser de solo lectura. No antes de: { $at }.
script-frozen-part = Si no se paga antes, la parte «{ $scope }» queda bloqueada. No antes de: { $at }.
script-slow = Si no se paga antes, la aplicación se limita a { $rate }. No antes de: { $at }.
script-slow-part = Si no se paga antes, la parte «{ $scope }» se limita a { $rate }. No antes de: { $at }.
script-ordered-read-only = Hemos decidido que la aplicación sea de solo lectura durante un tiempo; no se trata de un pago. No antes de: { $at }.
script-ordered-frozen = Hemos decidido bloquear la aplicación durante un tiempo; no se trata de un pago. No antes de: { $at }.
script-ordered-read-only-part = Hemos decidido que la parte «{ $scope }» sea de solo lectura durante un tiempo; no se trata de un pago. No antes de: { $at }.
script-ordered-frozen-part = Hemos decidido bloquear la parte «{ $scope }» durante un tiempo; no se trata de un pago. No antes de: { $at }.
script-ordered-ask = Una persona de nuestro equipo puede levantarlo. ¿Hay algo que no sea correcto, o necesitan algo de nosotros?
script-thanks = Si se ha pagado en los últimos días: muchas gracias, entonces todo está en orden.
script-when = ¿Cuándo podemos contar con el pago? ¿Hay algún error en la factura, o hace falta más tiempo?

# In a policy for trials and contracts, `ends-` and the key: said in the place of the other.
when-ends-before = { $span } antes del último día
when-ends-on = el último día
when-ends-after = { $span } después del último día
ends-terms-intro = Estos son los pasos que damos cuando termina una prueba o un contrato sin renovarse, y aquello con lo que puede contar. Las fechas y horas son las de su propia zona horaria; si no la conocemos, vale { $zone }.
ends-section-due = Cuándo termina
ends-due-moved = Una prueba o un contrato termina el último día acordado. Si no es laborable, cuenta el siguiente día laborable.
ends-due-terms = Si conocemos ese día tarde, no cuenta hasta que hayan pasado { $span } desde entonces.
ends-remind-upcoming = { $when }, recordamos { $who_dat } { $how } que la prueba o el contrato terminará pronto.
ends-remind-due-today = { $when }, recordamos { $who_dat } { $how } que termina ese día.
ends-remind-overdue = { $when }, comunicamos { $who_dat } { $how } que ha terminado.
ends-remind-all-well = { $when }, preguntamos { $who_dat } { $how } si todo está en orden.
ends-remind-other = { $when }, escribimos { $who_dat } { $how } sobre el final.
ends-section-steps = Qué ocurre al terminar
ends-step-grace = { $when }, un aviso en la aplicación dice { $who_dat } que ha terminado. Todo sigue funcionando como antes.
ends-rely-slack = Después de la hora indicada esperamos otros { $span }, para que una renovación de último minuto llegue primero.
ends-rely-back = En cuanto se renueva, todo se abre de nuevo al instante, a cualquier hora y cualquier día.
ends-rely-saved = Cada mensaje dice hasta cuándo se conserva lo que usted guardó.
ends-agree-ask = Si necesita más tiempo para decidir, hable con nosotros, por favor: una persona puede concedérselo.
